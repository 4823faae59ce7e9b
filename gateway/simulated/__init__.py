"""A provider for rehearsals: it behaves as Africa's Talking does over HTTP, fails on purpose, and reaches no phone."""
