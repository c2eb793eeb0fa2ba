"""A figure that can be published: two dated looks at a site, what came and went outlined, in PNG, SVG and PDF."""
