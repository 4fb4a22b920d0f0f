"""The verification engine by hand: one paper on the desk, no study configured. See docs/by-hand.md."""
