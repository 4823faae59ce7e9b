"""What is known before the programme runs: settings, rules as dated data, texts, names of queues and jobs."""
