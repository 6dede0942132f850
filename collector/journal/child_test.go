package journal

const childEnv = "JOURNAL_TEST_CHILD"

func child() int { return 0 }
