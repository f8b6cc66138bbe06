#include "rules/graph.h"

#include "base/text.h"
#include "rules/words.h"

#include <string.h>

#define COLUMNS 30   /* a label's lines are broken at a blank about here … */
#define LINES 5      /* … and what is longer than so many ends in dots */

/* ---- labels: the HTML of Graphviz ---- */

static void put_escaped(const char *text, size_t length, GString *out)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		switch (c) {
		case '&':
			g_string_append(out, "&amp;");
			break;
		case '<':
			g_string_append(out, "&lt;");
			break;
		case '>':
			g_string_append(out, "&gt;");
			break;
		case '"':
			g_string_append(out, "&quot;");
			break;
		default:
			g_string_append_c(out, c < 0x20 || c == 0x7f ? ' ' : (char)c);
		}
	}
}

/* Where the line that begins at `text` ends: at the last blank before COLUMNS, or there in a long word. */
static size_t line_length(const char *text)
{
	const char *p = text, *blank = NULL;

	for (unsigned n = 0; *p != '\0' && n < COLUMNS; n++) {
		if (*p == ' ')
			blank = p;
		p = g_utf8_find_next_char(p, NULL);
	}
	if (*p == '\0' || *p == ' ')
		return (size_t)(p - text);
	return (size_t)((blank != NULL ? blank : p) - text);
}

static void put_wrapped(const char *text, const char *between, GString *out)
{
	for (unsigned line = 0; *text != '\0'; line++) {
		size_t length = line_length(text);

		if (line > 0)
			g_string_append(out, between);
		if (line == LINES - 1 && text[length] != '\0') {
			put_escaped(text, length, out);
			g_string_append(out, "…");
			return;
		}
		put_escaped(text, length, out);
		text += length;
		text += strspn(text, " ");
	}
}

/* ---- nodes ---- */

struct drawing {
	const struct nt_graph *graph;
	const struct nt_campaign *campaign;
	GString *out, *label;
	bool ends;      /* something leads there */
	char above[40]; /* what stands lowest among the ways out */
};

struct look {
	const char *shape, *style, *fill, *pen;
};
enum look_kind { WAY_IN, MESSAGE, WAIT, BRANCH, ACT, SALES, END, GOAL, LOOKS };
static const struct look looks[LOOKS] = {
	[WAY_IN] = { "ellipse", "filled", "#e3f1e3", "#4b8b4b" },
	[MESSAGE] = { "box", "filled,rounded", "#dceafb", "#3f72af" },
	[WAIT] = { "box", "filled,rounded,dashed", "#f4f4f4", "#777777" },
	[BRANCH] = { "hexagon", "filled", "#fdf3d3", "#b58a1b" },
	[ACT] = { "box", "filled", "#ffffff", "#777777" },
	[SALES] = { "box", "filled", "#f3e4f5", "#8a4f93" },
	[END] = { "ellipse", "filled", "#eeeeee", "#777777" },
	[GOAL] = { "ellipse", "filled", "#cdeccd", "#2f7d2f" },
};

static enum look_kind look_of(enum nt_step_kind kind)
{
	switch (kind) {
	case NT_STEP_MESSAGE:
	case NT_STEP_FIRST_OF:
	case NT_STEP_WEBHOOK:
		return MESSAGE;
	case NT_STEP_WAIT:
	case NT_STEP_WAIT_CLOCK:
	case NT_STEP_WAIT_WINDOW:
	case NT_STEP_WAIT_TIME:
	case NT_STEP_WAIT_CONDITION:
	case NT_STEP_WAIT_FOR:
	case NT_STEP_SCHEDULE:
		return WAIT;
	case NT_STEP_IF:
	case NT_STEP_SPLIT:
	case NT_STEP_CHOOSE:
		return BRANCH;
	case NT_STEP_HAND_OFF:
	case NT_STEP_TELL:
	case NT_STEP_ASSIGN:
	case NT_STEP_TASK:
		return SALES;
	case NT_STEP_STOP:
		return END;
	case NT_STEP_SET:
	case NT_STEP_TAG:
	case NT_STEP_UNTAG:
	case NT_STEP_POINTS:
	case NT_STEP_STAGE:
	case NT_STEP_SUPPRESS:
	case NT_STEP_START:
	case NT_STEP_GO_TO:
		return ACT;
	}
	return ACT;
}

/* The label is in d->label. */
static void put_node(struct drawing *d, const char *name, int number, enum look_kind kind, enum nt_graph_mark mark)
{
	static const char *const pens[] = { [NT_GRAPH_ADDED] = "#2f7d2f", [NT_GRAPH_CHANGED] = "#c77700",
		                            [NT_GRAPH_MOVED] = "#6a3fb5" };
	const struct look *look = &looks[kind];

	g_string_append_printf(d->out,
	                       "\t\"c%d_%s%d\" [shape=%s, style=\"%s\", fillcolor=\"%s\", color=\"%s\"%s, "
	                       "label=<%s>];\n",
	                       d->graph->campaign, name, number, look->shape, look->style, look->fill,
	                       mark != NT_GRAPH_PLAIN ? pens[mark] : look->pen,
	                       mark != NT_GRAPH_PLAIN ? ", penwidth=3" : "", d->label->str);
	g_string_truncate(d->label, 0);
}

static void put_small(struct drawing *d, const char *colour, const char *text)
{
	g_string_append_printf(d->label, "<br/><font point-size=\"10\" color=\"%s\">", colour);
	put_wrapped(text, "<br/>", d->label);
	g_string_append(d->label, "</font>");
}

/* What a key of the language reads like. */
static const char *const key_words[][2] = {
	{ "if", "only if" },          { "unless", "unless" },      { "up_to", NULL },
	{ "title", NULL },            { "with", NULL },            { "wait_for", "wait for" },
	{ "wait_until", "wait until" }, { "first_of", "first that reaches" }, { "hand_off", "hand off:" },
	{ "go_to", "go to" },         { "give_up_after", "give up after" }, { "window", "within" },
	{ "split", "split by chance" }, { "choose", "which?" },    { "if?", "if" },
	{ "of", "of" },               { "message", "with" },       { "reason", "for:" },
};

static const char *key_word(const char *key)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(key_words); i++)
		if (strcmp(key_words[i][0], key) == 0)
			return key_words[i][1];
	return key;
}

struct facts {
	struct drawing *d;
	const struct nt_step *step;
	unsigned n;
};

static void put_fact(void *user, const char *key, const char *text)
{
	struct facts *facts = user;
	struct drawing *d = facts->d;
	enum nt_step_kind kind = facts->step->kind;
	const char *word = key_word(facts->n == 0 && kind == NT_STEP_IF ? "if?" : key);
	char *line;

	if (facts->n++ > 0 && strcmp(key, "kind") == 0) {
		put_small(d, "#444444", "not marketing");
		return;
	}
	if (facts->n > 1) {
		line = word != NULL ? g_strdup_printf("%s %s", word, text) : NULL;
		if (line != NULL)
			put_small(d, "#444444", line);
		g_free(line);
		return;
	}
	g_string_append_printf(d->label, "<b>%s</b>", word);
	if (kind == NT_STEP_SPLIT || kind == NT_STEP_CHOOSE || kind == NT_STEP_SCHEDULE || *text == '\0')
		return; /* the branches say it */
	g_string_append(d->label, "<br/>");
	put_wrapped(text, "<br/>", d->label);
}

static void put_step(struct drawing *d, int i)
{
	const struct nt_step *step = &d->campaign->steps[i];
	const struct nt_graph_counts *counts = d->graph->counts;
	const struct nt_graph_step *marks = d->graph->steps;
	struct facts facts = { d, step, 0 };
	char text[64];

	nt_words_step_facts(d->graph->program, d->campaign, step, put_fact, &facts);
	if (marks != NULL && marks[i].note != NULL)
		put_small(d, "#c77700", marks[i].note);
	if (counts != NULL && counts->here != NULL && counts->here[i] > 0) {
		g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT " %s", counts->here[i],
		           d->graph->after ? "then here" : "here");
		g_string_append_printf(d->label, "<br/><b><font color=\"#b0002a\">%s</font></b>", text);
	}
	put_node(d, "s", i, look_of(step->kind), marks != NULL ? marks[i].mark : NT_GRAPH_PLAIN);
}

/* ---- edges ---- */

static int follow(const struct nt_campaign *campaign, int step)
{
	for (; step >= 0; step = campaign->steps[step].parent)
		if (campaign->steps[step].next >= 0)
			return campaign->steps[step].next;
	return -1;
}

static void put_edge(struct drawing *d, const char *from, int number, int to, const char *label, const char *more)
{
	int c = d->graph->campaign;

	if (to >= 0)
		g_string_append_printf(d->out, "\t\"c%d_%s%d\" -> \"c%d_s%d\"", c, from, number, c, to);
	else
		g_string_append_printf(d->out, "\t\"c%d_%s%d\" -> \"c%d_end0\"", c, from, number, c);
	d->ends |= to < 0;
	g_string_append_printf(d->out, " [%s", more);
	if (label != NULL && *label != '\0') {
		g_string_append(d->out, *more != '\0' ? ", label=<" : "label=<");
		put_wrapped(label, "<br/>", d->out);
		g_string_append(d->out, "   >"); /* the text stands right of its line: away from the next one */
	}
	g_string_append(d->out, "];\n");
}

static void put_branch(struct drawing *d, int i, int first, const char *label)
{
	put_edge(d, "s", i, first >= 0 ? first : follow(d->campaign, i), label, "");
}

static void put_arms(struct drawing *d, int i)
{
	const struct nt_step *step = &d->campaign->steps[i];
	GString *label = g_string_new(NULL);
	bool otherwise = step->kind == NT_STEP_SPLIT;

	for (unsigned k = 0; k < step->n_arms; k++) {
		const struct nt_arm *arm = &step->arms[k];

		g_string_truncate(label, 0);
		if (step->kind == NT_STEP_SPLIT)
			nt_words_share(step->arms, k, label);
		else if (arm->condition != NULL)
			nt_words_expr(arm->condition, label);
		else
			g_string_append(label, "otherwise");
		if (arm->hold_out)
			g_string_append(label, " hold-out: no messages");
		otherwise |= arm->condition == NULL;
		put_branch(d, i, arm->first, label->str);
	}
	if (!otherwise)
		put_branch(d, i, -1, "none of these");
	g_string_free(label, TRUE);
}

/* Its points come one after the other; drawn like branches, which says it as well and keeps the lines apart. */
static void put_points(struct drawing *d, int i)
{
	const struct nt_step *step = &d->campaign->steps[i];
	GString *label = g_string_new(NULL);

	for (unsigned k = 0; k < step->n_points; k++) {
		g_string_truncate(label, 0);
		nt_words_point(&step->schedule[k], label);
		put_branch(d, i, step->schedule[k].first, label->str);
	}
	if (step->n_points == 0)
		put_branch(d, i, -1, NULL);
	g_string_free(label, TRUE);
}

static void put_wait_branches(struct drawing *d, int i)
{
	const struct nt_step *step = &d->campaign->steps[i];
	GString *label = g_string_new(NULL);

	put_branch(d, i, step->then_first, step->kind == NT_STEP_WAIT_FOR ? "it happened" : "it is so");
	if (step->has_up_to) {
		g_string_append(label, "not within ");
		nt_duration_print(step->duration, label);
		put_branch(d, i, step->else_first, label->str);
	}
	g_string_free(label, TRUE);
}

static void put_edges(struct drawing *d, int i)
{
	const struct nt_step *step = &d->campaign->steps[i];

	switch (step->kind) {
	case NT_STEP_IF:
		put_branch(d, i, step->then_first, "yes");
		put_branch(d, i, step->else_first, "no");
		break;
	case NT_STEP_WAIT_FOR:
	case NT_STEP_WAIT_CONDITION:
		put_wait_branches(d, i);
		break;
	case NT_STEP_SCHEDULE:
		put_points(d, i);
		break;
	case NT_STEP_SPLIT:
	case NT_STEP_CHOOSE:
		put_arms(d, i);
		break;
	case NT_STEP_GO_TO:
		put_edge(d, "s", i, step->target, NULL, "style=dashed, constraint=false, color=\"#6a3fb5\"");
		if (step->condition != NULL)
			put_branch(d, i, -1, "else");
		break;
	case NT_STEP_STOP:
		if (step->condition != NULL)
			put_branch(d, i, -1, "else");
		break;
	default:
		put_branch(d, i, -1, NULL);
	}
}

/* ---- ways in and out ---- */

static void put_ways_in(struct drawing *d)
{
	const struct nt_campaign *campaign = d->campaign;
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < campaign->n_enter; i++) {
		g_string_truncate(text, 0);
		nt_words_enter(d->graph->program, &campaign->enter[i], text);
		g_string_append(d->label, "<b>enter</b><br/>");
		put_wrapped(text->str, "<br/>", d->label);
		put_node(d, "in", (int)i, WAY_IN, NT_GRAPH_PLAIN);
		put_edge(d, "in", (int)i, campaign->first, NULL, "");
	}
	g_string_free(text, TRUE);
}

/* An edge that isn't drawn holds it below what came before. */
static void put_below(struct drawing *d, const char *name, int i)
{
	char node[sizeof d->above];

	g_snprintf(node, sizeof node, "c%d_%s%d", d->graph->campaign, name, i);
	if (d->above[0] != '\0')
		g_string_append_printf(d->out, "\t\"%s\" -> \"%s\" [style=invis];\n", d->above, node);
	g_strlcpy(d->above, node, sizeof d->above);
}

/* The steps of a `do:` hang below their way out; the ways stand below each other. */
static void put_way_out(struct drawing *d, const char *name, int i, const struct nt_way_out *way)
{
	bool goal = strcmp(name, "goal") == 0;
	GString *text = g_string_new(NULL);
	int before = -1;

	nt_words_way_out(d->graph->program, way, text);
	g_string_append_printf(d->label, "<b>%s</b><br/>", name);
	put_wrapped(text->str, "<br/>", d->label);
	put_node(d, name, i, goal ? GOAL : END, NT_GRAPH_PLAIN);
	put_below(d, name, i);
	for (int step = way->first_do; step >= 0; step = d->campaign->steps[step].next) {
		if (before < 0)
			put_edge(d, name, i, step, NULL, "");
		else
			put_edge(d, "s", before, step, NULL, "");
		before = step;
	}
	if (before >= 0)
		g_snprintf(d->above, sizeof d->above, "c%d_s%d", d->graph->campaign, before);
	g_string_free(text, TRUE);
}

static void put_pause(struct drawing *d)
{
	GString *text = g_string_new(NULL);

	nt_words_expr(d->campaign->pause, text);
	g_string_append(d->label, "<b>paused</b> while<br/>");
	put_wrapped(text->str, "<br/>", d->label);
	put_node(d, "pause", 0, WAIT, NT_GRAPH_PLAIN);
	put_below(d, "pause", 0);
	g_string_free(text, TRUE);
}

static void put_ways_out(struct drawing *d)
{
	const struct nt_campaign *campaign = d->campaign;

	if (campaign->n_goals + campaign->n_exits == 0 && campaign->pause == NULL)
		return;
	g_string_append_printf(d->out,
	                       "\tsubgraph \"cluster_out%d\" {\n\tlabel=<<b>at any time</b>>; "
	                       "style=\"dashed,rounded\"; color=\"#999999\"; margin=10;\n",
	                       d->graph->campaign);
	for (unsigned i = 0; i < campaign->n_goals; i++)
		put_way_out(d, "goal", (int)i, &campaign->goals[i]);
	for (unsigned i = 0; i < campaign->n_exits; i++)
		put_way_out(d, "exit", (int)i, &campaign->exits[i]);
	if (campaign->pause != NULL)
		put_pause(d);
	g_string_append(d->out, "\t}\n");
}

/* ---- steps that a plan takes away ---- */

static void put_gone(struct drawing *d)
{
	for (unsigned i = 0; i < d->graph->n_gone; i++) {
		const struct nt_graph_gone *gone = &d->graph->gone[i];
		char label[64];

		g_string_append(d->label, "<b>gone</b><br/>");
		put_wrapped(gone->words, "<br/>", d->label);
		g_string_append_printf(d->out,
		                       "\t\"c%d_gone%u\" [shape=box, style=\"filled,dashed\", fillcolor=\"#fbe3e4\", "
		                       "color=\"#b0002a\", label=<%s>];\n",
		                       d->graph->campaign, i, d->label->str);
		g_string_truncate(d->label, 0);
		for (unsigned k = 0; k < gone->n_moves; k++) {
			g_snprintf(label, sizeof label, "%" G_GUINT64_FORMAT " %s", gone->moves[k].leads,
			           nt_text_plural(gone->moves[k].leads, "lead", "leads"));
			put_edge(d, "gone", (int)i, gone->moves[k].to, label,
			         "color=\"#b0002a\", fontcolor=\"#b0002a\", penwidth=2");
		}
	}
}

/* ---- the whole ---- */

void nt_graph_begin(GString *out)
{
	g_string_append(out, "digraph campaigns {\n"
	                     "\tgraph [fontname=\"Helvetica\", fontsize=14, nodesep=0.35, ranksep=0.4, "
	                     "bgcolor=\"white\", compound=true];\n"
	                     "\tnode [fontname=\"Helvetica\", fontsize=12, margin=\"0.14,0.08\"];\n"
	                     "\tedge [fontname=\"Helvetica\", fontsize=10, color=\"#555555\", arrowsize=0.7];\n");
}

void nt_graph_end(GString *out)
{
	g_string_append(out, "}\n");
}

static bool in_main_list(const struct nt_campaign *campaign, int i)
{
	const struct nt_step *steps = campaign->steps;

	while (steps[i].parent >= 0)
		i = steps[i].parent;
	for (int first = campaign->first; first >= 0; first = steps[first].next)
		if (first == i)
			return true;
	return false;
}

/* What isn't drawn is said below the title. */
static void put_campaign_fact(void *user, const char *key, const char *text)
{
	static const char *const said[] = { "priority", "again", "per", "cooldown", "during" };
	struct drawing *d = user;

	for (unsigned i = 0; i < G_N_ELEMENTS(said); i++) {
		if (strcmp(key, said[i]) != 0)
			continue;
		g_string_append_printf(d->out, "%s%s: ", i == 0 ? "<br/><font point-size=\"10\">" : ", ", key);
		put_escaped(text, strlen(text), d->out);
	}
}

static void put_title(struct drawing *d)
{
	const struct nt_graph_counts *counts = d->graph->counts;

	g_string_append(d->out, "\tlabel=<<b>");
	put_escaped(d->campaign->title, strlen(d->campaign->title), d->out);
	g_string_append(d->out, "</b>");
	if (strcmp(d->campaign->title, d->campaign->name) != 0)
		g_string_append_printf(d->out, "<br/>%s", d->campaign->name);
	nt_words_campaign_facts(d->graph->program, d->campaign, put_campaign_fact, d); /* priority is the first */
	g_string_append(d->out, "</font>");
	if (counts != NULL && !d->graph->after)
		g_string_append_printf(d->out,
		                       "<br/><font point-size=\"12\">%" G_GUINT64_FORMAT " inside, %" G_GUINT64_FORMAT
		                       " ever entered, %" G_GUINT64_FORMAT " came to the end, %" G_GUINT64_FORMAT
		                       " reached the goal</font>",
		                       counts->inside, counts->entered, counts->finished, counts->goals);
	g_string_append(d->out, ">; labelloc=t;\n");
}

void nt_graph_campaign(const struct nt_graph *graph, GString *out)
{
	struct drawing d = { .graph = graph, .campaign = &graph->program->campaigns[graph->campaign], .out = out };

	d.label = g_string_new(NULL);
	g_string_append_printf(out, "subgraph \"cluster_%d\" {\n\tcolor=\"#cccccc\"; style=rounded; margin=16;\n",
	                       graph->campaign);
	put_title(&d);
	put_ways_in(&d);
	for (int i = 0; i < (int)d.campaign->n_steps; i++)
		put_step(&d, i);
	for (int i = 0; i < (int)d.campaign->n_steps; i++)
		if (in_main_list(d.campaign, i))
			put_edges(&d, i);
	put_gone(&d);
	put_ways_out(&d);
	if (d.ends) {
		g_string_append(d.label, "<b>end</b>");
		put_node(&d, "end", 0, END, NT_GRAPH_PLAIN);
	}
	g_string_append(out, "}\n");
	g_string_free(d.label, TRUE);
}

void nt_graph_box(const char *title, const char *lines, bool gone, GString *out)
{
	char **all = g_strsplit(lines, "\n", -1);

	g_string_append(out, "\t\"box ");
	put_escaped(title, strlen(title), out);
	g_string_append_printf(out, "\" [shape=box, style=\"filled%s\", fillcolor=\"%s\", label=<<b>",
	                       gone ? ",dashed" : "", gone ? "#fbe3e4" : "#ffffff");
	put_escaped(title, strlen(title), out);
	g_string_append(out, "</b>");
	for (unsigned i = 0; all[i] != NULL && all[i][0] != '\0'; i++) {
		g_string_append(out, "<br/>");
		put_escaped(all[i], strlen(all[i]), out);
	}
	g_string_append(out, ">];\n");
	g_strfreev(all);
}
