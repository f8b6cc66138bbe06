/* Pages for people who follow a link in a mail: self-contained, without scripts, good on a telephone and aloud. */
#ifndef NT_HTTP_PAGE_H
#define NT_HTTP_PAGE_H

#include "base/time.h"

#include <glib.h>
#include <stdbool.h>

struct nt_exchange;
struct nt_lead;
struct nt_program;
struct nt_task;

/* Content-Security-Policy that allows the pages' own style, forms to ourselves, and nothing else. g_free(). */
char *nt_page_policy(void);
/* Everything up to the content, with the title as its heading; put content, then nt_page_end(). */
GString *nt_page_begin(struct nt_exchange *x, unsigned status, const char *title);
void nt_page_end(GString *out);
/* A page that says one thing. */
void nt_page_message(struct nt_exchange *x, unsigned status, const char *title, const char *message);
/* Escaped for content and quoted attributes; NULL: nothing. */
void nt_page_text(GString *out, const char *text);
/* <p>…</p> around the escaped text; NULL or empty: nothing. */
void nt_page_paragraph(GString *out, const char *text);

/* "a…@example.org", "…0103": whoever a message was forwarded to needn't learn the address. NULL: can't be shown. In the
 * exchange's arena. */
const char *nt_page_veiled(struct nt_exchange *x, const char *address);
/* The sender's name, or "us". */
const char *nt_page_sender(const struct nt_program *program);
/* What a rep needs to know of a lead: a list of what is known. (page_lead.c) */
void nt_page_lead(GString *out, const struct nt_lead *lead);
/* In the rep's zone; rep NULL: in the policy's. */
void nt_page_time(GString *out, const struct nt_exchange *x, const char *rep, nt_time t);
/* A task in one line; `own`: with a link to its page. */
void nt_page_task(GString *out, const struct nt_exchange *x, const struct nt_task *task, bool own);

#endif
