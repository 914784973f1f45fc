# Sourced by nginx's auto/make, once for each directory of --add-module and
# --add-dynamic-module: the page of "thrift_status html" is compiled into
# ngx_http_thrift_module.so as a string, which is made whenever its sources
# have changed.

ngx_thrift_page=$ngx_addon_dir/ngx_thrift_module/page

cat << END                                                    >> $NGX_MAKEFILE

$NGX_OBJS/addon/page/ngx_http_thrift_page_text.c: \\
	$ngx_thrift_page/embed \\
	`echo $ngx_thrift_page/*.html $ngx_thrift_page/*.css $ngx_thrift_page/*.js`
	sh $ngx_thrift_page/embed > \$@.new
	mv \$@.new \$@

END
