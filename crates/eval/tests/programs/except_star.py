try:
    raise ExceptionGroup('g', [ValueError(1), TypeError(2), ExceptionGroup('h', [ValueError(3)])])
except* ValueError as e:
    print('vals', repr(e))
except* TypeError as e:
    print('types', repr(e))
try:
    try:
        raise ExceptionGroup('g', [ValueError(1), KeyError(2)])
    except* ValueError:
        pass
except ExceptionGroup as e:
    print('rest', repr(e))
try:
    try:
        raise ValueError('naked')
    except* ValueError as e:
        print(repr(e))
        raise KeyError('new')
except* KeyError as e:
    print(repr(e))
