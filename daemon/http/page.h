/* Pages for people who follow a link in a mail: self-contained, without scripts, good on a telephone and aloud. */
#ifndef NT_HTTP_PAGE_H
#define NT_HTTP_PAGE_H

#include "base/time.h"
#include "channel/links.h"
#include "engine/step.h"

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

/* --- behind a link (page_link.c) --- */

/* Reads it: x->data is the struct nt_link. False after answering: damaged, forged, or of another kind. otherwise: what
 * helps as well as opening it once more (", or …"), or "". */
bool nt_page_link(struct nt_exchange *x, const char *token, enum nt_link_kind kind, const char *otherwise);
/* True after answering that its thirty days are over; `then`: what to do now. */
bool nt_page_link_expired(struct nt_exchange *x, const char *then);
/* "Ada at Example at a…@example.org"; address NULL: not known. While asking. */
void nt_page_sender_at(GString *out, struct nt_exchange *x, const char *address);
/* A form that is one button; name and value are our own. */
void nt_page_button(GString *out, const char *name, const char *value, const char *label);
/* The form's "do", one of the page's buttons (NULL-terminated); NULL after answering: it is none of them. */
const char *nt_page_pressed(struct nt_exchange *x, const char *const *buttons);
/* What the button says of the message that the link names. */
void nt_page_outcome(struct nt_exchange *x, enum nt_outcome outcome, const char *source,
                     void (*answered)(struct nt_exchange *x));
/* 503: the store couldn't keep it. */
void nt_page_try_again(struct nt_exchange *x);

#endif
