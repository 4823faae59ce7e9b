"""Mutuelles: terms, plans, memberships and their ledger."""
