"""The steps of the schema, in order; run by `models.schema`, never by hand."""
