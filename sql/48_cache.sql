-- Tells every backend when a table that it caches changes (see src/cache.rs).

CREATE TRIGGER configuration_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON auth.apps
    FOR EACH STATEMENT EXECUTE FUNCTION auth.configuration_changed();
CREATE TRIGGER configuration_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON auth.tenants
    FOR EACH STATEMENT EXECUTE FUNCTION auth.configuration_changed();
CREATE TRIGGER configuration_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON auth.hosts
    FOR EACH STATEMENT EXECUTE FUNCTION auth.configuration_changed();
CREATE TRIGGER configuration_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON auth.setting_values
    FOR EACH STATEMENT EXECUTE FUNCTION auth.configuration_changed();
CREATE TRIGGER configuration_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON auth.signing_keys
    FOR EACH STATEMENT EXECUTE FUNCTION auth.configuration_changed();
COMMENT ON FUNCTION auth.configuration_changed() IS 'Trigger: tells all backends to read their cached configuration anew';
