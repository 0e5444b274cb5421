/* Circular, doubly linked lists. */
#ifndef Py_INTERNAL_PYCORE_LLIST_H
#define Py_INTERNAL_PYCORE_LLIST_H

#ifdef __cplusplus
extern "C" {
#endif

struct llist_node {
    struct llist_node *next;
    struct llist_node *prev;
};

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_LLIST_H */
