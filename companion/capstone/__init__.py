"""The capstone: three projects, each with data held back and a checker for what can be measured.

    from companion.capstone import house_prices as project
    train, new = project.load()
    project.check(predict)
"""
