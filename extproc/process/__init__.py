"""The processes: started, watched, told, and ended; where they listen, and what they log."""
