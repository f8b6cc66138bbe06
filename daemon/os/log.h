/* Log lines with fields: to the journal when systemd started us, else to standard error for people. Any thread.
 *
 *     nt_log(NT_LOG_NOTICE, "rules loaded", "rules", hash, "campaigns", "7", NULL);
 */
#ifndef NT_OS_LOG_H
#define NT_OS_LOG_H

enum nt_log_level { NT_LOG_ERROR = 3, NT_LOG_WARNING = 4, NT_LOG_NOTICE = 5, NT_LOG_INFO = 6, NT_LOG_DEBUG = 7 };

/* Lines above `level` are dropped. Chooses the journal if standard error is connected to it ($JOURNAL_STREAM). */
void nt_log_open(enum nt_log_level level);
/* message, then name/value pairs of text, then NULL. Control characters in values are shown as \xNN; the journal gets
 * the values as fields NT_NAME. */
void nt_log(enum nt_log_level level, const char *message, ...) __attribute__((sentinel));

#endif
