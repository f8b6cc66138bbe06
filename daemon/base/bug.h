/* Checks for our own mistakes. Never for what a user, a server or a disk can cause. Active in release builds. */
#ifndef NT_BASE_BUG_H
#define NT_BASE_BUG_H

#define NT_BUG(...) nt_bug(__FILE__, __LINE__, __VA_ARGS__)
#define NT_CHECK(cond)                                     \
	do {                                               \
		if (__builtin_expect(!(cond), 0))          \
			NT_BUG("check failed: %s", #cond); \
	} while (0)

/* Writes the message to standard error and aborts. */
_Noreturn void nt_bug(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
