// nothing
# but
/* comments */ /**/ /***/ /****/