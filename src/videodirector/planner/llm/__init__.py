"""Planning with chat models: the two published steps, any model through langchain, answers mended or asked for again."""
