"""The demonstration: a small world of credit with an embedded broker, the daemon, a receiver and a retrainer."""
