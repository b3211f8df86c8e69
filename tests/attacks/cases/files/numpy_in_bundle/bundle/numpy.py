raise SystemExit("the bundle's numpy was imported")
