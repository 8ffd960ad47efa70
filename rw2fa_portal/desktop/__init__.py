"""What a user's HTML5 session is made of: a display server of the user's own, and the programs on it."""
