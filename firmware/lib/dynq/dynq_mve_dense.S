/* Dense layers on mve: tiles of eight columns, then one of four where no more are left; steps of 16 inputs.
 *
 * A byte lane of a weight vector holds the codes of one, two or four columns for one input, the highest one stored signed.
 * VMLADAVA of the vector, and of the vector shifted right by a field and more, gives nested sums, for four columns
 *     s0 = F0 + 4 F1 + 16 F2 + 64 F3,   s1 = F1 + 4 F2 + 16 F3,   s2 = F2 + 4 F3,   s3 = F3
 * so that s0 - 4 s1 is the first column's dot product. The shift needs no mask, the difference no shift of its own. Fields
 * stored unsigned lack -2^(b-1) times the code sum: the sums start with that.
 *
 * Registers of a tile:
 *   r0, r2, r4, r6, r8, r10, r12, lr  sums (VMLADAVA takes even ones)
 *   r1 codes | r3 weights | r5 steps left | r7 columns | r9 output | r11 where a tile enters
 *   q0 codes | q1, q2 weights | q5 unit | q6 least output, 0 with ReLU | q7 largest outputs so far
 * LE would need lr, which holds a sum: a round of unrolled steps ends with a comparison. What a tile starts with lies on the stack in the order
 * of its registers, one LDM; what its totals need lies behind. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_MVE)
#include "dynq_function.inc"

#define UNROLLED_STEPS 4
#define STEP_BYTES 68
#define ZERO_AND_CODE_SUM 40
#define END 48
#define STACK 52

/* From r7 to a tile's columns, so that the last load of one tile's goes on to the next. */
#define COLUMNS_AT 32

.macro WEIGHTS q
  vldrb.u8 \q,[r3],#16
.endm

.macro STEP_W8 a b c d
  WEIGHTS q1
  vmladava.s8 \a,q1,q0
  WEIGHTS q2
  vmladava.s8 \b,q2,q0
  WEIGHTS q1
  vmladava.s8 \c,q1,q0
  WEIGHTS q2
  vmladava.s8 \d,q2,q0
.endm

/* a, b: sums of two vectors, c, d: of the upper columns alone */
.macro STEP_W4 a b c d
  WEIGHTS q1
  vmladava.s8 \a,q1,q0
  WEIGHTS q2
  vmladava.s8 \b,q2,q0
  vshr.s8 q1,q1,#4
  vmladava.s8 \c,q1,q0
  vshr.s8 q2,q2,#4
  vmladava.s8 \d,q2,q0
.endm

.macro STEP_W2 a b c d
  WEIGHTS q1
  vmladava.s8 \a,q1,q0
  vshr.s8 q2,q1,#2
  vmladava.s8 \b,q2,q0
  vshr.s8 q1,q1,#4
  vmladava.s8 \c,q1,q0
  vshr.s8 q2,q2,#4
  vmladava.s8 \d,q2,q0
.endm

/* q to (unit * step) * total + bias and ReLU, of four columns; r0 z 2^(15 - f), r2 C 2^7: VQDMLAH adds their doubled products
 * with R 2^16 and L 2^16, less 32 bits. `next` is ! where r7 goes on. VCVTB.F32.F16 q3, q2 and VCVTT.F32.F16 q2, q2 by
 * number: binutils 2.40 doubles the numbers of their registers. */
.macro OUTPUTS q columns next
  vldrw.u32 q2,[r7,#\columns+16]
  vshllb.s16 q3,q2,#16
  vqdmlah.s32 \q,q3,r0
  vshllt.s16 q3,q2,#16
  vqdmlah.s32 \q,q3,r2
  vldrw.u32 q2,[r7,#\columns]\next
  .inst.w 0xfe3f6e05
  .inst.w 0xfe3f5e05
  vcvt.f32.s32 \q,\q
  vmul.f32 q3,q3,q5
  vmul.f32 \q,q3,\q
  vadd.f32 \q,\q,q2
  vmax.s32 \q,\q,q6
  vmax.s32 q7,q7,\q
.endm

/* The bytes of output that are left, to r6. */
.macro OUTPUT_LEFT
  ldr r6,[sp,#END]
  subs r6,r6,r9
.endm

/* uint32_t dynq_mve_columns_wB(const dynq_mve_job_t *job) */
.macro COLUMNS bits
FUNCTION dynq_mve_columns_w\bits
  push {r4-r11,lr}
  vpush {d8-d15}
  ldmia r0!,{r1-r12,lr}
  push {r1-r12,lr}
  ldmia r0,{r3,r5,r7,r9,r11,r12}
  vdup.32 q5,r12
  vdup.32 q6,r5
  vmov.i32 q7,#0
  subs r7,#COLUMNS_AT
  movs r5,#STEP_BYTES
  adr r4,2f+1 /* Thumb */
  mla r11,r11,r5,r4
  OUTPUT_LEFT
  cmp r6,#16
  bls 5f
1:
  ldmia sp,{r0,r1,r2,r4,r5,r6,r8,r10,r12,lr}
  bx r11
  .balign 4
2:
  .rept UNROLLED_STEPS
3:
  vldrb.u8 q0,[r1],#16
  .if \bits == 4
  STEP_W4 r0,r2,r8,r10
  STEP_W4 r4,r6,r12,lr
  .else
  STEP_W\bits r0,r2,r4,r6
  STEP_W\bits r8,r10,r12,lr
  .endif
  .if . - 3b - STEP_BYTES
  .error "STEP_BYTES"
  .endif
  .endr
  subs r5,#UNROLLED_STEPS
  bgt 2b
  .if \bits == 2
  sub r0,r0,r2,lsl #2
  sub r2,r2,r4,lsl #2
  sub r4,r4,r6,lsl #2
  sub r8,r8,r10,lsl #2
  sub r10,r10,r12,lsl #2
  sub r12,r12,lr,lsl #2
  .endif
  vmov q0[2],q0[0],r0,r4
  vmov q0[3],q0[1],r2,r6
  vmov q1[2],q1[0],r8,r12
  vmov q1[3],q1[1],r10,lr
  .if \bits == 4
  mvn r0,#15
  vmla.s32 q0,q1,r0
  .endif
  ldrd r0,r2,[sp,#ZERO_AND_CODE_SUM]
  OUTPUT_LEFT
  OUTPUTS q0,COLUMNS_AT
  OUTPUTS q1,COLUMNS_AT+32,!
  vstrw.32 q0,[r9],#16
  cmp r6,#48
  bls 4f
  vstrw.32 q1,[r9],#16
  b 1b
4: /* the last tile of eight columns, or of some less */
  subs r6,#16
  lsrs r5,r6,#2
  vctp.32 r5
  vpst
  vstrwt.32 q1,[r9],#16
  cmp r6,#16
  bls 7f
5: /* a tile of four columns, or of some less */
  ldmia sp,{r0,r1,r2,r4,r5,r6}
  .if \bits == 4
  movs r4,#0
  movs r6,#0
  .endif
  dls lr,r5
6:
  vldrb.u8 q0,[r1],#16
  STEP_W\bits r0,r2,r4,r6
  le lr,6b
  .if \bits == 2
  sub r0,r0,r2,lsl #2
  sub r2,r2,r4,lsl #2
  sub r4,r4,r6,lsl #2
  .endif
  .if \bits == 4
  sub r0,r0,r4,lsl #4
  sub r2,r2,r6,lsl #4
  .endif
  vmov q0[2],q0[0],r0,r4
  vmov q0[3],q0[1],r2,r6
  ldrd r0,r2,[sp,#ZERO_AND_CODE_SUM]
  OUTPUTS q0,COLUMNS_AT
  OUTPUT_LEFT
  lsrs r6,r6,#2
  vctp.32 r6
  vpst
  vstrwt.32 q0,[r9]
7:
  movs r0,#0
  vmaxv.s32 r0,q7
  add sp,#STACK
  vpop {d8-d15}
  pop {r4-r11,pc}
END_FUNCTION dynq_mve_columns_w\bits
.endm

COLUMNS 8
COLUMNS 4
COLUMNS 2
#endif
