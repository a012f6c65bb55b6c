"""The steps that bring a database to the present tables; `psirf-bot migrate` takes them."""
