/*
 * ngx_http_nodetool_auth_tree.c - a red-black tree of digests, for the zones.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"


void
ngx_http_nodetool_auth_tree_add(ngx_rbtree_t                    *tree,
                                ngx_http_nodetool_auth_leaf_t   *leaf,
                                ngx_http_nodetool_auth_digest_t *key)
{
    leaf->key = *key;
    ngx_memcpy(&leaf->node.key, key->digest, sizeof(ngx_rbtree_key_t));

    ngx_rbtree_insert(tree, &leaf->node);
}


ngx_http_nodetool_auth_leaf_t *
ngx_http_nodetool_auth_tree_find(ngx_rbtree_t                    *tree,
                                 ngx_http_nodetool_auth_digest_t *key)
{
    ngx_int_t                      rc;
    ngx_rbtree_key_t               begin;
    ngx_rbtree_node_t             *node;
    ngx_http_nodetool_auth_leaf_t *leaf;

    ngx_memcpy(&begin, key->digest, sizeof(ngx_rbtree_key_t));
    node = tree->root;

    while (node != tree->sentinel) {
        if (begin != node->key) {
            node = begin < node->key ? node->left : node->right;
            continue;
        }

        leaf = (ngx_http_nodetool_auth_leaf_t *) node;
        rc = ngx_memcmp(key, &leaf->key, sizeof(leaf->key));

        if (rc == 0) {
            return leaf;
        }

        node = rc < 0 ? node->left : node->right;
    }

    return NULL;
}


void
ngx_http_nodetool_auth_tree_insert(ngx_rbtree_node_t *temp,
                                   ngx_rbtree_node_t *node,
                                   ngx_rbtree_node_t *sentinel)
{
    ngx_int_t                      rc;
    ngx_rbtree_node_t            **p;
    ngx_http_nodetool_auth_leaf_t *n, *t;

    n = (ngx_http_nodetool_auth_leaf_t *) node;

    for (;;) {
        t = (ngx_http_nodetool_auth_leaf_t *) temp;

        if (node->key != temp->key) {
            rc = node->key < temp->key ? -1 : 1;

        } else {
            rc = ngx_memcmp(&n->key, &t->key, sizeof(n->key));
        }

        p = rc < 0 ? &temp->left : &temp->right;

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}
