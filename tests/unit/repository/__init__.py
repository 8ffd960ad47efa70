"""The files around the code: dependencies, scripts, units."""
