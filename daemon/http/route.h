/* The one table of what can be asked for. */
#ifndef NT_HTTP_ROUTE_H
#define NT_HTTP_ROUTE_H

#include "http/exchange.h"

enum nt_takes { NT_TAKES_NOTHING, NT_TAKES_JSON, NT_TAKES_BATCH, NT_TAKES_FORM };

struct nt_http_route {
	const char *pattern;  /* "/v1/leads/ * /timeline" without the blanks: a star is one argument */
	enum nt_method method;
	unsigned scope;       /* of the token; 0: open to all */
	enum nt_takes takes;
	void (*run)(struct nt_exchange *x);
	bool page;            /* for people: errors are pages */
	bool control;         /* only on the control socket */
};

/* Fills x->route and x->arguments. Else answers 404, 405 (with Allow) or OPTIONS and gives false. */
bool nt_route_find(struct nt_exchange *x);

/* The routes' functions, by file. */
void nt_events_post(struct nt_exchange *x);        /* batch.c */
void nt_outcomes_post(struct nt_exchange *x);
void nt_lead_get(struct nt_exchange *x);           /* leads.c */
void nt_lead_put(struct nt_exchange *x);
void nt_lead_patch(struct nt_exchange *x);
void nt_lead_delete(struct nt_exchange *x);
void nt_lead_consent(struct nt_exchange *x);
void nt_lead_start(struct nt_exchange *x);
void nt_lead_stop(struct nt_exchange *x);
void nt_timeline_get(struct nt_exchange *x);       /* timeline.c */
void nt_queue_get(struct nt_exchange *x);          /* queue.c */
void nt_queue_accept(struct nt_exchange *x);
void nt_queue_send_back(struct nt_exchange *x);
void nt_queue_won(struct nt_exchange *x);
void nt_queue_lost(struct nt_exchange *x);
void nt_tasks_get(struct nt_exchange *x);          /* tasks.c */
void nt_tasks_done(struct nt_exchange *x);
void nt_task_page_get(struct nt_exchange *x);
void nt_task_page_post(struct nt_exchange *x);
void nt_calendar_get(struct nt_exchange *x);       /* calendar.c */
void nt_calendar_feed_get(struct nt_exchange *x);
void nt_outbox_get(struct nt_exchange *x);         /* outbox.c */
void nt_outbox_retry(struct nt_exchange *x);
void nt_outbox_drop(struct nt_exchange *x);
void nt_suppressions_post(struct nt_exchange *x);
void nt_suppressions_delete(struct nt_exchange *x);
void nt_health_get(struct nt_exchange *x);         /* metrics.c */
void nt_metrics_get(struct nt_exchange *x);
void nt_unsubscribe_get(struct nt_exchange *x);    /* unsubscribe.c */
void nt_unsubscribe_post(struct nt_exchange *x);
void nt_inbound_get(struct nt_exchange *x);        /* inbound.c */
void nt_inbound_post(struct nt_exchange *x);
void nt_confirm_get(struct nt_exchange *x);        /* confirm.c */
void nt_confirm_post(struct nt_exchange *x);
void nt_rep_get(struct nt_exchange *x);            /* rep.c */
void nt_rep_post(struct nt_exchange *x);
void nt_control_reload(struct nt_exchange *x);     /* control.c */
void nt_control_apply(struct nt_exchange *x);
void nt_control_status(struct nt_exchange *x);
void nt_control_clock(struct nt_exchange *x);

#endif
