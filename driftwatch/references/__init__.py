"""The accepted past of a model version, in the same matrix form as the present, and the layout that it fixes."""
