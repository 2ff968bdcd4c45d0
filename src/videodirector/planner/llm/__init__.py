"""Planning with chat models: the two published steps, through langchain; answers are mended or asked for again."""
