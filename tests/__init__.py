"""The tests mirror the package; beside it stand laws, contracts, scenarios, integration, faults, benchmarks."""
