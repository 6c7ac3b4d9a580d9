"""The pure part of the studio: what a draft is, what each step needs, what a change does and costs, what a job may do."""
