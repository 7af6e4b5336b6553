"""The LLM judge: `judge` asks a chat endpoint with the paper's prompt, many answers at once, each once."""
