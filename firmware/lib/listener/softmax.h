/* Softmax whose bits are the same on every core and compiler: no libm, only + - * / of binary32 in a fixed order. */
#ifndef SOFTMAX_H_
#define SOFTMAX_H_

#ifdef __cplusplus
extern "C" {
#endif

/* logits[count] to probabilities[count]; the two may be the same. A NaN among the logits makes all of them NaN. */
void listener_softmax(const float *logits, unsigned count, float *probabilities);

/* Of each logit and the highest of the others by themselves, 1 / (1 + e^(other - own)): how sure it is against its
 * strongest rival, however many share what is left. logits[count >= 2]; otherwise as above. */
void listener_softmax_of_pairs(const float *logits, unsigned count, float *probabilities);

#ifdef __cplusplus
}
#endif
#endif
