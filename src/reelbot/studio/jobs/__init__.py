"""Jobs: put into the queue with their hold, claimed and run by workers, ended with their settlement."""
