"""A third hand: a simulator that only judges. Nothing may ever be fitted on what it draws, by any seed.

    python -m benchmarks.third_hand KIND OUT --seed N [--gsd .5] [--size-m 260] [--dates 5] [--bands rgb8]
        [--off-nadir 24 38]

It was written without a look at `changedet.simulate` or at the painter, and shares no code, texture, colour or
layout with them; only the form of the truth is the same, so that `changedet score RUN --truth OUT/truth` works.
A site is a plane with layers of prisms and elevated beams, drawn on a grid of at least four cells a pixel: cast
shadows, an off-nadir view with displaced roofs and seen walls, sky light, path radiance, the sensor's blur,
pan-sharpening, sharpening on the ground, noise, and a resampling to the map that is a few pixels off.

From the ground up: noise, spectra -> canvas, surfaces -> things, vehicles, works -> stock, layouts -> kinds
-> camera -> sensor -> truth, site.
"""
