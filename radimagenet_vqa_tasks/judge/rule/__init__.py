"""The rule judge: `decision` decides, on what `reading` finds affirmed, denied or left open in a response."""
