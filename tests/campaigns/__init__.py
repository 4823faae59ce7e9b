"""Campaigns: audiences, texts, costs, the order of the steps, planning."""
