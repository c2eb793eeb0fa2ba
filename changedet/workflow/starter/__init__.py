"""``changedet init``: a commented workflow from the scenes' own metadata; what they leave open is asked for."""
