ENTRANT = True
print("SHADOWED: ran before the gate")
