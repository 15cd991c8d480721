"""What an automated number is worth: intervals and estimates."""
