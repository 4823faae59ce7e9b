"""What a hop costs, measured beside its peers: `ramu bench hop`. Apart from the tests."""
