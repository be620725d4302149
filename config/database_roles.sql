-- What the application may do in the database (rules/sealing.md "Tables"): everything with what changes, nothing but
-- read and add with what was written into the books, and months and accounts only through the functions that find two
-- persons. It takes away first what it does not give, so running it again after an upgrade is all that is needed.
-- Roles belong to the whole server and not to one database: that is why no migration makes them.

DO $$
DECLARE
    app text := current_setting('tassel.application_role');
    guarded text;
    left_behind text;
    guard regprocedure;
    add_only text[] := ARRAY[
        'ledger_account', 'ledger_entry', 'ledger_posting', 'ledger_seal', 'ledger_period', 'ledger_anchor',
        'ledger_ledgerexport', 'ledger_proof', 'ledger_proofleaf', 'ledger_manualentryedit',
        'ledger_booksrun', 'ledger_exceptionevent'];
    read_only text[] := ARRAY[
        'ledger_unsealed', 'ledger_periodevent', 'ledger_balancesnapshot', 'ledger_close', 'leg', 'django_migrations'];
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = app) THEN
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', app);
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE EXCEPTION 'it is not there, and % may make none. An administrator makes it: CREATE ROLE % NOLOGIN',
                current_user, app USING ERRCODE = '42501';
        END;
    ELSIF EXISTS (SELECT FROM pg_roles WHERE rolname = app AND rolsuper)
          OR pg_has_role(app, (SELECT relowner FROM pg_class WHERE oid = 'ledger_entry'::regclass), 'MEMBER') THEN
        RAISE EXCEPTION 'the role % owns the books or is a superuser: whoever can switch off guards needs none', app
            USING ERRCODE = '42501';
    END IF;

    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM %I', app);
    EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM %I', app);
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    -- A trigger needs nobody's right to call its function; who has it can hang that function on a table of their own.
    FOR guard IN
        SELECT oid::regprocedure FROM pg_proc
         WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', guard);
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', app);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO %I', app);
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO %I', app);
    FOREACH guarded IN ARRAY add_only LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON %I FROM %I', guarded, app);
    END LOOP;
    FOREACH guarded IN ARRAY read_only LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %I FROM %I', guarded, app);
    END LOOP;
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION ledger_soft_close(integer, boolean, bigint, timestamptz), '
        'ledger_begin_close(integer, timestamptz), ledger_finish_close(integer, timestamptz), '
        'ledger_abort_close(integer, bigint, timestamptz), ledger_reopen(integer, timestamptz), '
        'ledger_close_account(integer) TO %I', app);

    -- The queue in the database makes the tables of its queues itself and wants to own them. What the owner of the books
    -- left there while the processes still ran as such is dropped: those are wake-ups, and beat finds what they were for.
    IF EXISTS (SELECT FROM pg_namespace WHERE nspname = 'pgmq') THEN
        FOR left_behind IN
            SELECT substr(c.relname, 3) FROM pg_class c
             WHERE c.relnamespace = 'pgmq'::regnamespace AND c.relname LIKE 'q\_%'
               AND c.relkind = 'r' AND c.relowner = current_user::regrole
        LOOP
            PERFORM pgmq.drop_queue(left_behind);
        END LOOP;
        EXECUTE format('GRANT USAGE, CREATE ON SCHEMA pgmq TO %I', app);
        EXECUTE format(
            'GRANT SELECT, INSERT, UPDATE, DELETE ON pgmq.meta, pgmq.notify_insert_throttle, pgmq.topic_bindings TO %I',
            app);
        EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgmq TO %I', app);
    END IF;
END $$;
