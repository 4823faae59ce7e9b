"""Tests of payments by mobile money."""
