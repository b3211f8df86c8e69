print("SHADOWED")
raise SystemExit(3)
