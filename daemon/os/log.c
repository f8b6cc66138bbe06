#include "config.h"

#include "os/log.h"

#include <glib.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-journal.h>
#endif

#define MOST_FIELDS 16

static enum nt_log_level wanted = NT_LOG_INFO;
static bool to_journal;

/* systemd says with device and inode which stream is the journal's; a terminal or a pipe put in between isn't it. */
static bool journal_is_stderr(void)
{
	const char *stream = g_getenv("JOURNAL_STREAM");
	unsigned long device, inode;
	struct stat st;

	return stream != NULL && sscanf(stream, "%lu:%lu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == device && st.st_ino == inode;
}

void nt_log_open(enum nt_log_level level)
{
	wanted = level;
	to_journal = journal_is_stderr();
}

static void append_clean(GString *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7F)
			g_string_append_printf(out, "\\x%02X", *p);
		else
			g_string_append_c(out, (char)*p);
}

struct field {
	const char *name, *value;
};

static void write_terminal(enum nt_log_level level, const char *message, const struct field *fields, unsigned n)
{
	static const char *const names[] = { "", "", "", "error: ", "warning: ", "", "", "debug: " };
	GString *line = g_string_new(names[level]);
	ssize_t written;

	append_clean(line, message);
	for (unsigned i = 0; i < n; i++) {
		g_string_append_printf(line, " %s=", fields[i].name);
		append_clean(line, fields[i].value);
	}
	g_string_append_c(line, '\n');
	written = write(STDERR_FILENO, line->str, line->len); /* one write: lines of several threads don't mix */
	(void)written;                                        /* nowhere left to complain to */
	g_string_free(line, TRUE);
}

#ifdef HAVE_SYSTEMD
static void write_journal(enum nt_log_level level, const char *message, const struct field *fields, unsigned n)
{
	struct iovec iov[MOST_FIELDS + 3];
	char *texts[MOST_FIELDS + 3];
	unsigned used = 0;

	texts[used++] = g_strdup_printf("MESSAGE=%s", message);
	texts[used++] = g_strdup_printf("PRIORITY=%d", (int)level);
	texts[used++] = g_strdup("SYSLOG_IDENTIFIER=nurtured");
	for (unsigned i = 0; i < n; i++) {
		char *name = g_ascii_strup(fields[i].name, -1);

		texts[used++] = g_strdup_printf("NT_%s=%s", name, fields[i].value);
		g_free(name);
	}
	for (unsigned i = 0; i < used; i++)
		iov[i] = (struct iovec){ .iov_base = texts[i], .iov_len = strlen(texts[i]) };
	sd_journal_sendv(iov, (int)used);
	for (unsigned i = 0; i < used; i++)
		g_free(texts[i]);
}
#endif

void nt_log(enum nt_log_level level, const char *message, ...)
{
	struct field fields[MOST_FIELDS];
	unsigned n = 0;
	const char *name;
	va_list ap;

	if (level > wanted)
		return;
	va_start(ap, message);
	while (n < MOST_FIELDS && (name = va_arg(ap, const char *)) != NULL) {
		const char *value = va_arg(ap, const char *);

		fields[n].name = name;
		fields[n++].value = value != NULL ? value : "";
	}
	va_end(ap);
#ifdef HAVE_SYSTEMD
	if (to_journal) {
		write_journal(level, message, fields, n);
		return;
	}
#endif
	write_terminal(level, message, fields, n);
}
