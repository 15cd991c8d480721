"""Names, numbers, dates, codes and amounts in what was said: found, and looked for in what was understood."""
