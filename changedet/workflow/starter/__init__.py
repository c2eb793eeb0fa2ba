"""``changedet init``: a commented workflow from the scenes' own metadata, and questions about what they leave open."""
