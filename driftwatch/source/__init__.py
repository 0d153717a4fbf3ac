"""Where records come from: Kafka (two clients), files, memory; one port, one contract suite."""
