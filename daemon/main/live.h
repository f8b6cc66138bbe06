/* The live view: a line for each thing that people would want to watch. Called on the engine thread after each commit.
 */
#ifndef NT_MAIN_LIVE_H
#define NT_MAIN_LIVE_H

struct nt_effects;
struct nt_input;
struct nt_message;

void nt_live_observe(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects);
void nt_live_observe_rep(void *user, const struct nt_message *message);

#endif
