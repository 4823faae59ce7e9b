"""The domain: one module per noun, with table, rules and operations. It imports `config` alone."""
