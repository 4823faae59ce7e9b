"""The conversation: pure functions from (session, what was typed, context) to (session, screen, effects)."""
