"""`script/demo`: the main job on real programs, one checked step after the other."""
