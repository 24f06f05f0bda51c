"""What is people's in a record, and what stands for it where the record is given out."""
