"""Make samples until *n* are accepted: generators, data set, reports."""
