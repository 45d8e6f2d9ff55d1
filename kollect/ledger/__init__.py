"""Stage 3: a row for each mail and each number, written before and after every act."""
